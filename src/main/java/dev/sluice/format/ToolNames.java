package dev.sluice.format;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The names of a call's tools, or the ids of what they were called for, as its vendor takes them. One that the vendor
 * would refuse gets another, everywhere the same and never that of another tool, and the answer gets the caller's back.
 */
public final class ToolNames {
    private final Pattern illegal;
    private final int longest;
    private final Map<String, String> legal = new HashMap<>();
    private final Map<String, String> original = new HashMap<>();

    /** @param illegal the characters that the vendor does not take */
    ToolNames(List<String> names, Pattern illegal, int longest) {
        this.illegal = illegal;
        this.longest = longest;
        for (String name : names) {
            if (fits(name)) {
                keep(name, name); // names that may stay go first, so that no other takes them
            }
        }
        names.forEach(this::legal);
    }

    /** For what has no tools. */
    ToolNames(List<String> none) {
        this(none, Form.LETTERS, 64);
    }

    private boolean fits(String name) {
        return !name.isEmpty()
                && name.length() <= longest
                && !illegal.matcher(name).find();
    }

    private String keep(String name, String chosen) {
        legal.put(name, chosen);
        original.put(chosen, name);
        return chosen;
    }

    /** The ids of the conversation's calls, and with them of their results. */
    static ToolNames ids(Conversation conversation, int longest) {
        List<String> ids = new ArrayList<>();
        for (Conversation.Turn turn : conversation.turns()) {
            ids.addAll(turn.callIds());
        }
        return new ToolNames(ids, Form.LETTERS, longest);
    }

    /** As the vendor takes it. */
    String legal(String name) {
        String known = legal.get(name);
        if (known != null) {
            return known;
        }
        String plain = illegal.matcher(name).replaceAll("_");
        String chosen = plain.isEmpty() ? "tool" : plain.substring(0, Math.min(plain.length(), longest));
        for (int i = 2; original.containsKey(chosen); i++) {
            String suffix = "_" + i;
            chosen = plain.substring(0, Math.min(plain.length(), longest - suffix.length())) + suffix;
        }
        return keep(name, chosen);
    }

    /** As the caller named it. */
    public String original(String name) {
        return original.getOrDefault(name, name);
    }
}
