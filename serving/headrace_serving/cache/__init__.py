"""Results that outlive their run: under which key, in which form, where, for how long, and who asks for them."""
