# The public names and where each lives. They are imported when first asked for, so that `import manikin` is
# fast: `lazy_loader` reads this file, and so do type checkers.

from . import codecs as codecs
from . import errors as errors
from . import families as families
from . import histories as histories
from . import recipes as recipes
from .cohort.cohort import Cohort as Cohort
from .core.version import __version__ as __version__
from .evaluation.evaluate import evaluate as evaluate
from .evaluation.scorecard import Scorecard as Scorecard
from .evaluation.selftest.defects.tabular import plant as plant
from .evaluation.suspected_copies import find_suspected_copies as find_suspected_copies
from .evaluation.timegan_scores import compute_discriminative_score as compute_discriminative_score
from .evaluation.timegan_scores import compute_predictive_score as compute_predictive_score
from .io import read as read
from .io.write import write as write
from .publication.release import release as release
from .rules.rule import Rule as Rule
from .rules.rule import read_rules as read_rules
from .schema.kinds import Category as Category
from .schema.kinds import Codes as Codes
from .schema.kinds import Image as Image
from .schema.kinds import Number as Number
from .schema.kinds import Schema as Schema
from .schema.kinds import Signal as Signal
from .schema.kinds import Text as Text
from .schema.kinds import Time as Time
from .synthesis.chain import Chain as Chain
from .synthesis.synthesizer import Synthesizer as Synthesizer
from .synthesis.synthesizer import load as load
from .text.deid.deidentify import deidentify as deidentify
from .text.entities import tag_entities as tag_entities
from .text.entities import untag_entities as untag_entities
from .training.budget import Training as Training
