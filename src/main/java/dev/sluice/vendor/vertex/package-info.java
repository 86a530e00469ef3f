/** Google's Vertex AI, with Gemini and Claude. */
@NullMarked
package dev.sluice.vendor.vertex;

import org.jspecify.annotations.NullMarked;
