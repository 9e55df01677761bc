"""What bots can play: `wander`, `echo`, `idle`, or a script of your own."""
