package dev.sluice.vendor;

import java.util.Map;

/**
 * One account at a vendor, as the operator described it: what an {@link Upstream} is made of.
 *
 * @param options the vendor's own, such as {@code api_version}
 * @param headers sent with each request, beside the vendor's own
 */
public record Target(
        String vendor,
        String baseUrl,
        String key,
        Map<String, String> headers,
        Map<String, String> options,
        int connectMs,
        int firstByteMs,
        int idleMs) {

    /** Without key and headers: it may end in a log. */
    @Override
    public String toString() {
        return vendor + " at " + baseUrl;
    }
}
