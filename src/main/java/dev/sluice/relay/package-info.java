/** The hot path: the /v1 endpoints and the one pipeline that carries a call from caller to vendor and back. Imports access, quota, channel, vendor, ledger, wire. */
@NullMarked
package dev.sluice.relay;

import org.jspecify.annotations.NullMarked;
