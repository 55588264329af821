/** What `doctor --fix` may do by itself: safe, and reversible by hand. */
export interface Fix {
  type: 'none';
}
