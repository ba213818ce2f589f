"""One JSON object from Flask: as in the study at "/", and the bytes all targets agree on at "/equal"."""

from flask import Flask, Response, json

app = Flask(__name__)


@app.get("/")
def as_published():
    return '{"message": "ping"}'  # a string, so text/html; nothing is encoded


@app.get("/equal")
def equal_work():
    # Not jsonify(): it ends the object with a newline, and Gin's encoder does not.
    text = json.dumps({"message": "pong"}, separators=(",", ":"))
    return Response(text, mimetype="application/json")
