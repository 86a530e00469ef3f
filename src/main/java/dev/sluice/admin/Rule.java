package dev.sluice.admin;

import java.util.Locale;

/**
 * What a field or a parameter must be. The text is how the API says it, with {@code {0}} and {@code {1}} for its values;
 * the console says the same in its reader's language, by the label.
 */
enum Rule {
    NEEDED("a value"),
    NAME("a text of 1 to {0} characters"),
    LINE("a line of text of at most {0} characters"),
    FLAG("true or false"),
    WHOLE("a whole number"),
    WHOLE_AT_LEAST("a whole number >= {0}"),
    WHOLE_BETWEEN("a whole number from {0} to {1}"),
    ID("an id"),
    DOLLARS("an amount in dollars >= 0, or null"),
    DOLLARS_ABOVE_ZERO("an amount in dollars > 0"),
    DOLLARS_NOT_ZERO("an amount in dollars that is not 0"),
    DOLLARS_EXACT("an amount below 9,000,000,000 with at most nine decimals"),
    FACTOR("a number from 0 to 10000 with at most six decimals"),
    PERIOD("none, day, week or month"),
    TIME_ZONE("an IANA name, such as Europe/Berlin"),
    TIME("a time such as 2027-01-31T00:00:00Z, or null"),
    TIME_OR_DATE("a time such as 2027-01-31T00:00:00Z, or a date"),
    TIME_TO_COME("a time to come, or null"),
    TIME_BEFORE_END("a time before 'to'"),
    TEXTS("a list of texts of 1 to {0} characters"),
    TEXTS_BY_NAME("an object of texts of at most {0} characters"),
    OBJECT("an object"),
    KNOWN("one of those that are known"),
    PARAMETER("what this list takes"),
    ADDRESSES("an address or a CIDR"),
    USERNAME("1 to 64 letters, digits, '.', '_', '@' and '-'"),
    GROUP_NAME("at most 64 letters, digits, '.', '_' and '-'"),
    PASSWORD("8 characters or more, of at most 72 bytes"),
    YOUR_PASSWORD("your own"),
    YOUR_CODE("the code that the app shows now"),
    ROLE("root, admin or user"),
    SCOPE("read or write"),
    CODE_STATE("unused, used or expired"),
    GROUP("a name of /api/groups"),
    USER("the id of a user"),
    VENDOR("an id of /api/vendors, such as openai-compatible"),
    BASE_URL("http:// or https://, a host and perhaps a path, and nothing else"),
    BASE_URL_NEEDED("a URL, since the catalog has none"),
    BASE_URL_PUBLIC("a public address; SLUICE_ALLOW_PRIVATE_UPSTREAMS is false"),
    KEYS("printable ASCII"),
    KEY_DOCUMENTS("JSON documents alone, of at most 10000 characters"),
    MODELS("at least one name or glob, such as gpt-4o* or *"),
    GROUPS("at least one group, such as default"),
    OPTIONS("what the vendor's addresses take"),
    HEADER_NAMES("a header's name, and none that the gateway sets itself"),
    HEADER_VALUES("printable ASCII"),
    MODEL("a model's name or a glob"),
    PRICE("a price per million tokens, or usd_per_call, usd_per_minute or usd_per_mchar"),
    PLAIN_PRICE("with a price of a tier, the plain one"),
    LONG_TOKENS("the prompt tokens beyond which the long_ prices hold"),
    LONG_PRICE("with long_context_tokens, a price that changes there"),
    STAND_INS("a list of 1 to {0} names of other models, without globs"),
    ROUTING(
            "{\"strategy\": round_robin, least_busy, fastest or cheapest, \"sticky\": prompt_cache_key, conversation, user or null}"),
    RESPONSE_CACHE("{\"ttl_seconds\": 1 to {0}, \"price_factor\": a number from 0 to 10000 with at most six decimals}"),
    BY_MODEL("an object with at most {0} names of models or globs, each of 1 to {1} characters");

    final String label = name().toLowerCase(Locale.ROOT);

    private final String text;

    Rule(String text) {
        this.text = text;
    }

    /** As a message says it: what was given, and what would be right. */
    String message(String given, Object... values) {
        String right = text;
        for (int i = 0; i < values.length; i++) {
            right = right.replace("{" + i + "}", String.valueOf(values[i]));
        }
        return given + " (expected: " + right + ")";
    }
}
