"""Versions of installed packages: recorded and shown, part of the key only when asked for."""

from __future__ import annotations

from tests.scenarios.project import Project

SCRIPT = """
import click
import weft
from saying import say

def styled(text):
    say("styled")
    return click.unstyle(text)

if __name__ == "__main__":
    context = weft.Context("out")
    context.options(packages=PACKAGES).comp(styled, "a")
    context.main()
"""

UPGRADE = """
import importlib.metadata as metadata

real = metadata.version
metadata.version = lambda name: "99.0" if name == "click" else real(name)
"""


def test_an_upgraded_package_reruns_nothing_but_why_tells_of_it(project: Project) -> None:
    project.write(script=SCRIPT.replace("PACKAGES", '"recorded"'))
    assert project.run("make").jobs == ["styled"]
    assert "click 8" in project.run("details styled").stdout
    project.write(script=UPGRADE + SCRIPT.replace("PACKAGES", '"recorded"'))
    assert project.run("make").jobs == []
    assert "-> 99.0" in project.run("why styled").stdout


def test_with_packages_in_the_key_an_upgrade_reruns_what_reaches_them(project: Project) -> None:
    project.write(script=SCRIPT.replace("PACKAGES", '"version"'))
    assert project.run("make").jobs == ["styled"]
    project.write(script=UPGRADE + SCRIPT.replace("PACKAGES", '"version"'))
    assert project.run("make").jobs == ["styled"]
    assert "click" in project.run("why styled").stdout
