/** Ollama's own API. */
@NullMarked
package dev.sluice.vendor.ollama;

import org.jspecify.annotations.NullMarked;
