"""What Headrace costs, as ratios against floors and peers of the same run."""
