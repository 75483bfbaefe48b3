"""The chat model that is built in: it answers from the user's documents, and from nothing else."""

from visavis.llm.documents.provider import DocumentsModel, DocumentsProvider

__all__ = ["DocumentsModel", "DocumentsProvider"]
