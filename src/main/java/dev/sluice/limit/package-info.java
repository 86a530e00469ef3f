/** What may pass in a minute and at once: requests, tokens, open calls. Imports wire. */
@NullMarked
package dev.sluice.limit;

import org.jspecify.annotations.NullMarked;
