package dev.sluice.vendor;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * One account at a vendor, as the operator described it: what an {@link Upstream} is made of.
 *
 * @param options the vendor's own, such as {@code api_version}
 * @param totalMs from the request to the end of the answer; 0: as long as something comes
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
        int idleMs,
        int totalMs) {

    /**
     * A base URL may name options: {@code …/accounts/{account_id}/ai/v1}.
     *
     * @param defaults for options that the channel does not set
     */
    public Target filledIn(Map<String, String> defaults) {
        String url = baseUrl;
        for (Map<String, String> each : List.of(options, defaults)) {
            for (Map.Entry<String, String> option : each.entrySet()) {
                String value = URLEncoder.encode(option.getValue(), StandardCharsets.UTF_8);
                url = url.replace("{" + option.getKey() + "}", value);
            }
        }
        return new Target(vendor, url, key, headers, options, connectMs, firstByteMs, idleMs, totalMs);
    }

    /** Without key and headers: it may end in a log. */
    @Override
    public String toString() {
        return vendor + " at " + baseUrl;
    }
}
