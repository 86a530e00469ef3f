package dev.sluice.wire;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * What a conversation began with: its list up to the first message of the user, or its text where it has no list. It is
 * the same in each call of the conversation, since callers send all that was said before.
 */
final class Opening {
    private Opening() {}

    /**
     * A short name for it; null: there is none.
     *
     * @param json before the object that is asked
     * @param list the field that holds what is said
     */
    static @Nullable String name(JsonParser json, byte[] body, String list) {
        json.nextToken();
        for (String field = json.nextName(); field != null; field = json.nextName()) {
            JsonToken value = json.nextToken();
            if (field.equals(list)) {
                return switch (value) {
                    case START_ARRAY -> upToTheUser(json, body);
                    case VALUE_STRING -> Integer.toHexString(json.getString().hashCode());
                    default -> null;
                };
            }
            json.skipChildren();
        }
        return null;
    }

    private static @Nullable String upToTheUser(JsonParser json, byte[] body) {
        int from = (int) json.currentTokenLocation().getByteOffset();
        while (json.nextToken() == JsonToken.START_OBJECT) {
            if (isUsers(json)) {
                return hash(body, from, (int) json.currentTokenLocation().getByteOffset() + 1);
            }
        }
        return null;
    }

    /** Reads one message to its end. Google's may have no role, and is the user's then. */
    private static boolean isUsers(JsonParser json) {
        boolean users = true;
        for (String field = json.nextName(); field != null; field = json.nextName()) {
            JsonToken value = json.nextToken();
            if (field.equals("role")) {
                users = value == JsonToken.VALUE_STRING && json.getString().equals("user");
            } else {
                json.skipChildren();
            }
        }
        return users;
    }

    /** FNV-1a. */
    private static String hash(byte[] bytes, int from, int to) {
        long hash = 0xcbf29ce484222325L;
        for (int i = from; i < to; i++) {
            hash = (hash ^ bytes[i] & 0xff) * 0x100000001b3L;
        }
        return Long.toHexString(hash);
    }
}
