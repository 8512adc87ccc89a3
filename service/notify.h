// SPDX-License-Identifier: GPL-3.0-or-later
// notify.h - what systemd wants to hear
//
// The protocol of sd_notify(3): a datagram to the socket that NOTIFY_SOCKET
// names. Without that variable nothing happens.

#ifndef CUMAE_NOTIFY_H
#define CUMAE_NOTIFY_H

// Sends a state such as "READY=1", "STOPPING=1" or "WATCHDOG=1". Returns 1
// when it was sent, 0 when nobody listens, -1 when sending failed.
int notify_systemd(const char *state);

#endif
