"""``python -m bayesopt.cli``."""

import sys

from bayesopt.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
