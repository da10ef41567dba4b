"""Datasets as files."""

from curation.exports.files import FileInfo, WrittenDataset, write_dataset

__all__ = ["FileInfo", "WrittenDataset", "write_dataset"]
