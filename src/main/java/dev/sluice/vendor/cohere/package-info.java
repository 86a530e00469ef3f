/** Cohere's own API. */
@NullMarked
package dev.sluice.vendor.cohere;

import org.jspecify.annotations.NullMarked;
