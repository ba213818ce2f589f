"""One JSON object from Flask."""

from flask import Flask, Response, json

app = Flask(__name__)


@app.get("/")
def hello():
    # Not jsonify(): it ends the object with a newline, and all targets send the same bytes.
    text = json.dumps({"message": "Hello, World!"}, separators=(",", ":"))
    return Response(text, mimetype="application/json")
