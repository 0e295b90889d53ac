"""Bits of the error status register that the model sets (SDM vol. 3, "Error Handling")."""

ESR_SEND_ACCEPT = 1 << 2
ESR_REDIRECTABLE_IPI = 1 << 4
ESR_SEND_ILLEGAL_VECTOR = 1 << 5
ESR_RECEIVE_ILLEGAL_VECTOR = 1 << 6
ESR_ILLEGAL_REGISTER_ADDRESS = 1 << 7
