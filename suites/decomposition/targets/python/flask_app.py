"""Flask."""

from flask import Flask

app = Flask(__name__, static_folder=None)


@app.get("/welcome")
def welcome():
    return "Hello World!"
