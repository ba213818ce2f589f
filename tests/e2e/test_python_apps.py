"""The Python applications of the suites, called without a server: each answers what its study says,
with words that nobody could foresee, and nothing else. What is not installed is left out."""

import json
import pathlib
import random
import string
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
SUITES = HERE.parents[1] / "suites"
WELCOME = SUITES / "python-frameworks-2012" / "targets" / "python"
GRID = SUITES / "routing-grid" / "targets" / "python"
PARTS = SUITES / "decomposition" / "targets" / "python"
ASGI = ("asgi", "fastapi", "quart", "starlette", "tornado")


def apps(folder):
    # aiohttp has no interface but its own server.
    names = sorted(path.name.removesuffix("_app.py") for path in folder.glob("*_app.py"))
    return [(folder, name) for name in names if name != "aiohttp"]


def ask(folder, name, paths):
    command = ["/usr/bin/python3", HERE / "fixtures" / "call_app.py", f"{name}_app",
               "asgi" if name in ASGI else "wsgi"]
    done = subprocess.run(command, cwd=folder, input="".join(f"{path}\n" for path in paths),
                          capture_output=True, text=True, timeout=60, check=False)
    if "ModuleNotFoundError" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    assert "Not Found" not in done.stderr  # writing a line for each would be a part of what is measured
    return [json.loads(line) for line in done.stdout.splitlines()]


def word():
    return "".join(random.choices(string.ascii_lowercase + string.digits, k=random.randint(4, 12)))


@pytest.mark.parametrize(("folder", "name"), apps(WELCOME) + apps(PARTS))
def test_welcome_is_right_and_other_paths_are_missing(folder, name):
    welcome, *others, again = ask(folder, name, [
        "/welcome", "/", "/Welcome", f"/welcome{word()}", f"/{word()}", f"/{word()}/{word()}", "/welcome"])
    for status, media_type, length, body in (welcome, again):
        assert (status, length, body) == (200, "12", "Hello World!")
        assert media_type in ("text/plain", "text/html")
    assert [status for status, *_ in others] == [404] * 5


@pytest.mark.parametrize(("folder", "name"), apps(GRID))
def test_each_of_240_routes_answers_for_itself(folder, name):
    right = {}
    for section in range(1, 11):
        for feature in range(1, 21):
            right[f"/section{section}/feature{feature}"] = f"section {section} feature {feature}"
    for feature in range(1, 21):
        for locale in ("en", "ru"):
            right[f"/{locale}/feature{feature}"] = f"{locale} feature {feature}"
        user, repo = word(), word()
        right[f"/{user}/{repo}/feature{feature}"] = f"{user} {repo} feature {feature}"
    answers = ask(folder, name, right)
    assert [(status, body) for status, _, _, body in answers] == [(200, text) for text in right.values()]


@pytest.mark.parametrize(("folder", "name"), apps(GRID))
def test_what_is_no_route_is_missing(folder, name):
    paths = ["/", "/section10/feature21", "/section11/feature1", "/de/feature1", "/xen/feature1", "/enx/feature1",
             "/ru/feature1x", "/en/feature21", "/section1/feature", f"/{word()}", f"/{word()}/{word()}/feature0",
             f"/{word()}/{word()}/{word()}", f"/{word()}/{word()}/{word()}/feature1"]
    answers = ask(folder, name, paths)
    assert [status for status, *_ in answers] == [404] * len(paths)


def test_the_two_copies_of_tornado_behind_asgi_are_one():
    # Each suite stands alone; what differs would be found by nobody.
    assert (WELCOME / "tornado_asgi.py").read_bytes() == (GRID / "tornado_asgi.py").read_bytes()
