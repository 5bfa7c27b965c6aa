"""The corpus: readers, preparation, and Kaldi data directories."""
