"""One script per question; results and failed experiments are written down beside them."""
