"""Nothing medical: random streams, the plug-in registry, arrays as Arrow columns, files and folders."""
