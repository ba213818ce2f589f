"""Quart."""

from quart import Quart

app = Quart(__name__, static_folder=None)


@app.get("/welcome")
async def welcome():
    return "Hello World!"
