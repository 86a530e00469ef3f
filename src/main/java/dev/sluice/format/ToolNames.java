package dev.sluice.format;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The names of a call's tools as its vendor takes them. A name that the vendor would refuse gets another, everywhere
 * the same and never that of another tool, and the answer gets the caller's back.
 */
public final class ToolNames {
    private final Pattern illegal;
    private final int longest;
    private final Map<String, String> legal = new HashMap<>();
    private final Map<String, String> original = new HashMap<>();

    /** @param illegal the characters that the vendor does not take */
    ToolNames(List<Conversation.Tool> tools, Pattern illegal, int longest) {
        this.illegal = illegal;
        this.longest = longest;
        for (Conversation.Tool tool : tools) {
            if (fits(tool.name())) {
                keep(tool.name(), tool.name()); // names that may stay go first, so that no other takes them
            }
        }
        tools.forEach(tool -> legal(tool.name()));
    }

    /** For what has no tools. */
    ToolNames(List<Conversation.Tool> none) {
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
