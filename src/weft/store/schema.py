"""The tables of ``weft.db``.

Few indexes: each costs microseconds per job, while a scan of 100,000 rows takes 50 ms and happens
at most a few times per run. For the same reason a trace is not a table of its own but the columns
of the attempt that made it, NULL when it made none: two inserts per job cost 8 us, one costs 4.
What few rows have (errors, limits, logs, observations, generated jobs) is kept apart.
"""

from __future__ import annotations

VERSION = 4
"""``user_version`` of the database."""

_TRACE_VIEW = """CREATE VIEW trace AS
    SELECT id, key, result, job_id, flags, run, coalesce(definition, key) AS definition,
        code, arguments, input_ids, input_hashes, outputs, coalesce(origin, id) AS origin
    FROM attempt WHERE result IS NOT NULL"""

STEPS: tuple[tuple[str, ...], ...] = (
    (),  # of 0: an empty file gets all tables at once
    ("ALTER TABLE job ADD COLUMN tags TEXT",),
    (
        "ALTER TABLE job ADD COLUMN kind INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE job ADD COLUMN spec BLOB",
        "ALTER TABLE attempt ADD COLUMN outputs BLOB",
    ),
    (
        "DROP VIEW trace",
        "ALTER TABLE attempt ADD COLUMN origin INTEGER",
        _TRACE_VIEW,
    ),
)
"""By version: what brings a database of that version to the next one."""

TABLES = (
    """CREATE TABLE setting (
        name TEXT PRIMARY KEY,
        value BLOB NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        argv TEXT NOT NULL,       -- JSON
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        started REAL NOT NULL,    -- seconds since the epoch
        ended REAL,
        outcome TEXT,             -- NULL while it runs, and for ever when it was killed
        packages TEXT             -- JSON: installed packages and their versions
    ) STRICT""",
    """CREATE TABLE script (      -- one row: the jobs that the script defined last
        digest BLOB NOT NULL,     -- of the graph
        commands BLOB NOT NULL,   -- pickled, see jobs.CommandEntry
        jobs BLOB NOT NULL        -- pickled, see jobs.JobEntry
    ) STRICT""",
    """CREATE TABLE job (         -- generated ones
        job_id TEXT PRIMARY KEY,
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        definition BLOB,
        code BLOB,
        arguments TEXT NOT NULL,
        inputs TEXT,              -- ids, newline-joined
        extra TEXT,               -- ids, newline-joined
        dynamic INTEGER NOT NULL,
        definer TEXT,             -- the generator that defined it
        active INTEGER NOT NULL,
        retired_run INTEGER,
        tags TEXT,                -- newline-joined; since version 2
        kind INTEGER NOT NULL DEFAULT 0, -- Kind; since version 3
        spec BLOB                 -- pickled, see weft.graph.spec; since version 3
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX job_definer ON job (definer) WHERE definer IS NOT NULL",
    """CREATE TABLE attempt (
        id INTEGER PRIMARY KEY,
        key BLOB,                 -- NULL when it does not count any more
        result BLOB,              -- NULL when there is no trace
        job_id TEXT NOT NULL,
        flags INTEGER NOT NULL,   -- TraceFlag
        run INTEGER,
        number INTEGER NOT NULL,
        state INTEGER NOT NULL,   -- AttemptState
        executor TEXT NOT NULL,
        pid INTEGER NOT NULL,
        started REAL NOT NULL,    -- seconds since the epoch
        duration REAL NOT NULL,   -- seconds
        cpu REAL NOT NULL,        -- seconds
        definition BLOB,          -- of the trace; NULL when it is the key (no dependencies)
        code BLOB,
        arguments TEXT,
        input_ids TEXT,           -- newline-joined
        input_hashes BLOB,        -- joined
        reason TEXT,              -- JSON: why it ran
        /* JSON: host, exit_code, signal, max_rss, note, error */
        rest TEXT,
        outputs BLOB,             -- of a job that made files: see seals; since version 3
        origin INTEGER            -- the attempt that it repeats, or accepts; since version 4
    ) STRICT""",
    "CREATE INDEX attempt_invalid ON attempt (job_id) WHERE flags >= 64",  # TraceFlag.INVALID
    _TRACE_VIEW,
    """CREATE TABLE cleaned (     -- what `clean` dropped, and no trace replaced yet
        job_id TEXT NOT NULL,
        key BLOB NOT NULL,
        PRIMARY KEY (job_id, key)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE trace_dep (
        trace INTEGER NOT NULL,
        place INTEGER NOT NULL,
        grp INTEGER NOT NULL,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        digest BLOB NOT NULL,
        PRIMARY KEY (trace, place)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE expansion (
        trace INTEGER PRIMARY KEY,
        children BLOB,            -- hash of the records of the jobs that a generator defined
        promised TEXT             -- ids of the jobs that fill the holes of its value
    ) STRICT""",
    """CREATE TABLE value (
        hash BLOB PRIMARY KEY,
        size INTEGER NOT NULL,
        data BLOB                 -- NULL when it is in an object file
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE output (
        attempt INTEGER PRIMARY KEY,
        stdout TEXT,
        stderr TEXT
    ) STRICT""",
    """CREATE TABLE code (
        code BLOB PRIMARY KEY,
        parts TEXT NOT NULL       -- JSON: kind, name, digest, source
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE file_stat (
        path TEXT PRIMARY KEY,
        stamp TEXT NOT NULL,      -- integers of stat; an inode number may need 64 unsigned bits
        digest BLOB NOT NULL,
        hashed_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        run INTEGER,
        time REAL NOT NULL,
        kind TEXT NOT NULL,
        payload TEXT NOT NULL     -- JSON
    ) STRICT""",
)
