package dev.sluice.notice;

import java.util.Map;

/**
 * Something an operator wants to hear of: it is logged and sent, never with a secret.
 *
 * @param id the same for every try to send it
 * @param type what happened, such as {@code balance.low}
 * @param at epoch milliseconds
 * @param message one sentence for people
 * @param data the facts for programs
 */
record Notice(String id, String type, long at, String message, Map<String, Object> data) {}
