"""`python -m visavis` is `visavis`."""

from visavis.cli.main import main

main()
