"""ECG, EEG and vital signs."""
