"""How good the judgments of a project are: agreement, and each annotator's own figures."""
