# Sourced where ThreadSanitizer is used: its runtime does not know every layout that address randomisation makes.
# "${same_addresses[@]}" before a command holds the addresses still, where that is allowed.
# shellcheck shell=bash
same_addresses=()
! setarch -R true 2>/dev/null || same_addresses=(setarch -R)
