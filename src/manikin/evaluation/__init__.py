"""The judge: it never knows which model it judges."""
