"""The documents about Visavis that it brings along: what can be asked before anybody has added any."""

from importlib.resources import files

from visavis.knowledge.chunks import chunks
from visavis.knowledge.documents import read
from visavis.knowledge.index import Index

COLLECTION = "visavis"
"""Its name; nothing can be added to it."""


def about_index() -> Index:
    """Their index, in memory: it belongs to the program, not to the user's data. Titles are what is cited."""
    index = Index(None)
    for file in sorted((files("visavis.knowledge") / "about").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".md"):
            document = read(file.name, file.read_bytes())
            title = document.sections[0].heading
            index.add(COLLECTION, title, chunks(document.sections))
    return index
