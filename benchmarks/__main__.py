"""All benchmarks, one process each, so that none warms or burdens the next: `make bench`."""

from __future__ import annotations

import subprocess
import sys

SCRIPTS = (
    "render",
    "dkim",
    "smtp_client",
    "import_contacts",
    "engine",
    "emails",
    "tracking",
    "campaign_log",
    "api",
    "mcp",
)

if __name__ == "__main__":
    failed = [
        script
        for script in SCRIPTS
        if subprocess.run([sys.executable, "-m", f"benchmarks.{script}"], check=False).returncode
    ]
    sys.exit(f"Failed: {', '.join(failed)}." if failed else 0)
