"""FastAPI without its OpenAPI pages."""

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI(openapi_url=None)


@app.get("/welcome", response_class=PlainTextResponse)
async def welcome():
    return "Hello World!"
