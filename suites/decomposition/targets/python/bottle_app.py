"""Bottle."""

from bottle import Bottle

app = Bottle()


@app.get("/welcome")
def welcome():
    return "Hello World!"
