package dev.sluice.vendor;

import dev.sluice.format.Format;
import org.jspecify.annotations.Nullable;

/**
 * Where, and in which form, a vendor takes what is asked at an endpoint.
 *
 * @param url absolute
 * @param format of the body; null: that of the endpoint, which is never translated
 */
public record Way(String url, @Nullable Format format) {}
