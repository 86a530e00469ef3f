/** What may pass in a minute and at once: requests, tokens, open calls. One node's own, or all nodes' in Redis. Imports redis, wire. */
@NullMarked
package dev.sluice.limit;

import org.jspecify.annotations.NullMarked;
