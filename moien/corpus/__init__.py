"""The corpus: Kaldi data directories, programs that read raw corpora, and the preparation of the audio."""
