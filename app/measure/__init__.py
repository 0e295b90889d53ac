"""The same workload under several back ends: what each overrides, crosses and costs."""
