"""The lab's engine as a mutator for fuzzers that bring their own inputs."""
