"""What both raw servers send, and when: whoever asks is read to the end of his head first."""

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nHello World!"
HEAD_END = b"\r\n\r\n"
HEAD_MAX = 65536  # a longer one is hung up on


def is_last(head):
    """Does the client want the connection closed after this answer?"""
    return b"\r\nconnection: close\r\n" in head.lower()
