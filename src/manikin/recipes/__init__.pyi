from .ecg_rhythm_fields import add_ecg_rhythm as add_ecg_rhythm
from .image_translation import translate_unpaired as translate_unpaired
from .signal_continuation import continue_signal as continue_signal
