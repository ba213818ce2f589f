"""`Hello World!` from Flask, whoever serves it."""

from flask import Flask, Response

app = Flask(__name__)


@app.get("/")
def hello():
    return Response("Hello World!", mimetype="text/plain")
