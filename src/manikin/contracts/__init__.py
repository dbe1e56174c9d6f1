"""What a plug-in has to be: codec, family, feature, metric, check."""
