from __future__ import annotations

import os
import stat

import numpy as np
import pytest

from weft.errors import StoreError
from weft.model.promise import Promise
from weft.store.objects import Composite, ObjectLost, ObjectRef, Objects, encode

KEY = b"\xab\xcd" + bytes(18)


@pytest.fixture
def objects(tmp_path):
    return Objects(tmp_path)


@pytest.fixture
def array():
    return np.arange(50_000, dtype=float)


def test_an_object_is_found_again_by_its_digest(objects, array):
    objects.write(KEY, encode({"a": array, "name": "x"}))
    value = objects.load(KEY)
    assert value["name"] == "x"
    assert np.array_equal(value["a"], array)
    assert list(objects.digests()) == [KEY]
    assert objects.path(KEY).parts[-2:] == ("ab", "cd" + "00" * 18)


def test_the_file_is_read_only_and_the_folders_are_private(objects, array):
    objects.write(KEY, encode(array))
    assert stat.S_IMODE(objects.path(KEY).stat().st_mode) == 0o400
    assert stat.S_IMODE(objects.path(KEY).parent.stat().st_mode) == 0o700


def test_no_draft_is_left(objects, array):
    objects.write(KEY, encode(array))
    assert objects.sweep() == 0


def test_a_good_file_is_not_written_again(objects, array):
    objects.write(KEY, encode(array))
    before = objects.path(KEY).stat().st_ino
    objects.write(KEY, encode(array))
    assert objects.path(KEY).stat().st_ino == before


def test_an_array_lies_in_the_mapped_file(objects, array):
    import mmap

    objects.write(KEY, encode([array, "tail"]))
    loaded = objects.load(KEY)[0]
    assert not loaded.flags.owndata
    base = loaded
    while isinstance(base, (np.ndarray, memoryview)):
        base = base.obj if isinstance(base, memoryview) else base.base
    assert isinstance(base, mmap.mmap)
    assert loaded.ctypes.data % 64 == 0


def test_writing_into_a_loaded_array_is_seen_by_nobody_else(objects, array):
    objects.write(KEY, encode(array))
    mine, other = objects.load(KEY), objects.load(KEY)
    mine[:] = -1
    assert np.array_equal(other, array)
    assert np.array_equal(objects.load(KEY), array)


def test_every_truncation_is_noticed(objects, array):
    objects.write(KEY, encode({"a": array}))
    path = objects.path(KEY)
    whole = path.read_bytes()
    for length in [0, 7, 40, 79, 80, 200, len(whole) // 2, len(whole) - 1]:
        path.unlink()
        path.write_bytes(whole[:length])
        assert not objects.has(KEY)
        with pytest.raises(ObjectLost):
            objects.load(KEY)


def test_a_truncated_file_is_replaced_by_the_next_write(objects, array):
    objects.write(KEY, encode(array))
    objects.path(KEY).chmod(0o600)  # it is read-only, which stops all but root
    os.truncate(objects.path(KEY), 100)
    objects.write(KEY, encode(array))
    assert objects.has(KEY)
    assert np.array_equal(objects.load(KEY), array)


def test_damage_in_the_stream_is_noticed(objects, array):
    objects.write(KEY, encode({"a": array, "text": "y" * 500}))
    path = objects.path(KEY)
    damaged = path.read_bytes().replace(b"yyyy", b"yyxy", 1)
    path.unlink()
    path.write_bytes(damaged)
    with pytest.raises(ObjectLost, match="damaged"):
        objects.load(KEY)


def test_a_file_of_something_else_is_lost(objects, array):
    objects.write(KEY, encode(array))
    other = bytes(20)
    objects.path(other).parent.mkdir(parents=True)
    objects.path(KEY).rename(objects.path(other))
    assert not objects.has(other)
    with pytest.raises(ObjectLost, match="something else"):
        objects.load(other)


def test_a_missing_object_is_lost(objects):
    assert not objects.has(KEY)
    with pytest.raises(ObjectLost, match="gone") as caught:
        objects.load(KEY)
    assert caught.value.digest == KEY


def test_removing_twice_does_no_harm(objects, array):
    objects.write(KEY, encode(array))
    objects.remove(KEY)
    objects.remove(KEY)
    assert not objects.has(KEY)
    assert list(objects.digests()) == []


def test_a_value_without_arrays_may_be_a_file_too(objects):
    objects.write(KEY, encode("z" * 100_000))
    assert objects.load(KEY) == "z" * 100_000


def test_many_processes_may_write_the_same_object(objects, array):
    children = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                objects.write(KEY, encode(array))
                status = 0 if objects.has(KEY) else 2
            finally:
                os._exit(status)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0, 0]
    assert np.array_equal(objects.load(KEY), array)
    assert objects.sweep() == 0


def test_inputs_of_every_kind_load(objects, array):
    objects.write(KEY, encode(array))
    promised: list[str] = []
    template = encode([Promise("a", "t"), Promise("b", "t")], promised).inline
    inner = Composite(template, (encode(1).inline, ObjectRef(KEY, 8)))
    outer = Composite(template, (inner, inner))
    first, second = objects.load_input(outer)
    assert first is second
    assert first[0] == 1
    assert np.array_equal(first[1], array)
    assert objects.load_input(encode("x").inline) == "x"


def test_a_composite_template_may_be_a_file(objects, array):
    promised: list[str] = []
    objects.write(KEY, encode([array, Promise("a", "t")], promised))
    value = objects.load_input(Composite(ObjectRef(KEY, 8), (encode("hole").inline,)))
    assert value[1] == "hole"


def test_promises_may_lead_to_promises_to_any_depth(objects):
    template = encode([Promise("a", "t")], []).inline
    chain = encode("end").inline
    for _ in range(20_000):
        chain = Composite(template, (chain,))
    value = objects.load_input(chain)
    depth = 0
    while isinstance(value, list):
        (value,) = value
        depth += 1
    assert (depth, value) == (20_000, "end")


def test_drafts_of_killed_processes_are_swept(objects, array):
    objects.write(KEY, encode(array))
    (objects.folder / "drafts" / "123-abc").write_bytes(b"half")
    assert objects.sweep() == 1
    assert objects.has(KEY)


def test_a_full_disk_is_said_in_words_and_leaves_nothing(small_disk, tmp_path):
    objects = Objects(tmp_path / "disk")
    with pytest.raises(StoreError, match="disk is full"):
        objects.write(KEY, encode(bytes(2 * 1024 * 1024)))
    assert objects.sweep() == 0
    assert not objects.has(KEY)
    objects.write(KEY, encode(bytes(100_000)))
    assert objects.has(KEY)


def test_a_file_in_place_of_the_folder_is_said_in_words(tmp_path):
    (tmp_path / "objects").write_text("")
    with pytest.raises(StoreError, match="not a folder"):
        Objects(tmp_path).write(KEY, encode(bytes(100_000)))
