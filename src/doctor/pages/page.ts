export interface FindingPage {
  title: string;
  meaning: string;
  trap: string;
  cure: string;
}
