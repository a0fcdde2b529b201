"""What stands between us and the backends of operators, who keep their players' money themselves."""
