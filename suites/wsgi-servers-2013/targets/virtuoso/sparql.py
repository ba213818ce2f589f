"""What is asked of Virtuoso: the same text from every front.

GET / selects the classes, POST / inserts the one that its body names, DELETE /NAME deletes one.
"""

from urllib.parse import urlencode

GRAPH = "http://graph-uri"
OWL_CLASS = "http://www.w3.org/2002/07/owl#Class"
NAME = "[A-Za-z0-9]+"  # of a class; nothing that could end the IRI it becomes part of
JSON = "application/sparql-results+json"

# As many as there can be clients in any of the suite's loads: the front's own client must not be a
# queue in front of the back end. Tornado's clients have 10 unless told otherwise.
CLIENTS_MAX = 100


def encode(query):
    return urlencode({"query": query, "format": JSON})


SELECT = encode(f"prefix owl: <http://www.w3.org/2002/07/owl#> "
                f"select distinct ?class from <{GRAPH}> {{?class a owl:Class}} LIMIT 100")


def insert(name):
    return encode(f"insert into <{GRAPH}> {{ <{GRAPH}/{name}> a <{OWL_CLASS}> }}")


def delete(name):
    return encode(f"delete from <{GRAPH}> {{ <{GRAPH}/{name}> a <{OWL_CLASS}> }}")
