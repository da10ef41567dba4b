import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
LIGHT = (
    *("config", "data", "evaluate", "metrics", "acquisition", "posterior", "heads", "embeddings"),
    *("jobs", "train", "train_frozen", "checkpoint", "judge", "calibration"),
    *("evaluation.checkpoints", "evaluation.comparing", "evaluation.gate", "evaluation.held_out"),
    *("serving", "serving.server", "export", "export.card"),
)


def test_light_modules_load_without_torch_or_django():
    imports = "; ".join(f"import modeling.core.{name}" for name in LIGHT)
    script = (
        f"import sys; {imports}; "
        "print(sorted({'torch', 'transformers', 'django'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
