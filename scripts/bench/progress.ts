/** Tells a person how far a bench is; says nothing where nobody looks. */
export type Progress = (line: string) => void;
